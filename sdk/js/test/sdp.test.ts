import assert from "node:assert/strict";
import { test } from "node:test";
import { originOf } from "../src/sdp.ts";

test("a description's origin is its session id, whatever its version", () => {
  const of = (line: string) => originOf(`v=0\r\n${line}\r\ns=-\r\n`);
  assert.equal(of("o=- 4844088155597199286 2 IN IP4 127.0.0.1"), "4844088155597199286");
  assert.equal(of("o=- 4844088155597199286 3 IN IP4 127.0.0.1"), "4844088155597199286");
  assert.equal(of("o=mozilla...THIS_IS_SDPARTA-99.0 123 0 IN IP4 0.0.0.0"), "123");
  assert.equal(of("x=1"), "");
});
