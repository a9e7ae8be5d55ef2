// Package load plays the evening of the workload page with any number of
// people against a running server, measures it from the clients' side, and
// lets a Referee watch that nothing forbidden ever happens. Server and load
// are separate processes.
package load
