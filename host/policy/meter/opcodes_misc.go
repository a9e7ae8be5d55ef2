package meter

// misc lists the instructions behind the byte 0xfc.
var misc = [18]op{

	// saturating conversions
	0x00: {"i32.trunc_sat_f32_s", "f", "i", none, convert},
	0x01: {"i32.trunc_sat_f32_u", "f", "i", none, convert},
	0x02: {"i32.trunc_sat_f64_s", "F", "i", none, convert},
	0x03: {"i32.trunc_sat_f64_u", "F", "i", none, convert},
	0x04: {"i64.trunc_sat_f32_s", "f", "I", none, convert},
	0x05: {"i64.trunc_sat_f32_u", "f", "I", none, convert},
	0x06: {"i64.trunc_sat_f64_s", "F", "I", none, convert},
	0x07: {"i64.trunc_sat_f64_u", "F", "I", none, convert},

	// bulk operations; their length, on top of the stack, is charged as they run
	0x08: {"memory.init", "iii", "", dataMemory, outside},
	0x09: {"data.drop", "", "", data, outside},
	0x0a: {"memory.copy", "iii", "", memories, outside},
	0x0b: {"memory.fill", "iii", "", memoryLen, outside},
	0x0c: {"table.init", "iii", "", special, outside},
	0x0d: {"elem.drop", "", "", elem, outside},
	0x0e: {"table.copy", "iii", "", special, outside},
	0x0f: {"table.grow", "", "i", special, outside},
	0x10: {"table.size", "", "i", special, move},
	0x11: {"table.fill", "", "", special, outside},
}
