package conn

import (
	"fmt"
	"unicode/utf8"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

// translate turns a client's event into the lobby's. Who and on which connection
// is the socket's knowledge, never the client's. Hello and ack are no wishes and
// do not come here.
func translate(from lobby.From, ev wire.Client) lobby.Event {
	switch e := ev.(type) {
	case wire.ClientLobbyEnter:
		return lobby.Enter{From: from}
	case wire.ClientLobbyLeave:
		return lobby.Leave{From: from}
	case wire.ClientLobbyBusy:
		return lobby.SetBusy{From: from, Busy: e.Busy}
	case wire.ClientInviteSend:
		return lobby.Invite{From: from, To: lobby.PersonID(e.To), Seconds: int(e.Seconds)}
	case wire.ClientInviteAccept:
		return lobby.Accept{From: from, Call: lobby.CallID(e.Call), Seconds: int(e.Seconds)}
	case wire.ClientInviteDecline:
		return lobby.Decline{From: from, Call: lobby.CallID(e.Call)}
	case wire.ClientInviteRescind:
		return lobby.Rescind{From: from, Call: lobby.CallID(e.Call)}
	case wire.ClientInviteWait:
		return lobby.KeepWaiting{From: from, Call: lobby.CallID(e.Call)}
	case wire.ClientCallSignal:
		return lobby.Signal{From: from, Call: lobby.CallID(e.Call), Kind: e.Kind, Body: []byte(e.Data)}
	case wire.ClientCallChat:
		return lobby.Chat{From: from, Call: lobby.CallID(e.Call), Runes: utf8.RuneCountInString(e.Text), Body: []byte(e.Text)}
	case wire.ClientCallShare:
		return lobby.Share{From: from, Call: lobby.CallID(e.Call)}
	case wire.ClientCallTake:
		return lobby.Take{From: from, Call: lobby.CallID(e.Call)}
	case wire.ClientCallEnd:
		return lobby.End{From: from, Call: lobby.CallID(e.Call)}
	case wire.ClientPersonBlock:
		return lobby.Block{From: from, Other: lobby.PersonID(e.Person)}
	case wire.ClientPersonReport:
		return lobby.Report{From: from, Other: lobby.PersonID(e.Person), Reason: e.Reason, Body: []byte(e.Note)}
	}
	panic(fmt.Sprintf("conn: no translation for %s", ev.Name()))
}
