import assert from "node:assert/strict";
import { parseCsvLine } from "./csv.ts";
import { formatDuration } from "./duration.ts";
import { decodeFirst } from "./json.ts";
import { parseMac } from "./mac.ts";
import { parseBool, parseInt64, parseUint } from "./number.ts";
import { quote } from "./quote.ts";
import { parseRequestUri } from "./url.ts";

Deno.test("parseUint() takes Go's literals in base 0 and digits only in base 10", () => {
  for (const text of ["42", "0x2a", "0X2A", "0b101010", "0o52", "052", "4_2", "0x_2a"]) {
    assert.equal(parseUint(text, 0), 42n, text);
  }
  assert.equal(parseUint("0", 0), 0n);
  assert.equal(parseUint("010", 10), 10n);
  assert.equal(parseUint("18446744073709551615", 0), (1n << 64n) - 1n);
  for (const text of ["", "-1", "+1", "08", "0x", "1__0", "_1", "1_", "1e3", " 1", "0b2"]) {
    assert.throws(() => parseUint(text, 0), {
      message: `strconv.ParseUint: parsing "${text}": invalid syntax`,
    });
  }
  assert.throws(() => parseUint("0x10", 10), { message: /invalid syntax$/ });
  assert.throws(() => parseUint("4294967296", 10, 32), { message: /value out of range$/ });
  assert.throws(() => parseUint("18446744073709551616", 0), { message: /value out of range$/ });
});

Deno.test("parseInt64() takes signs and names the function that it stands for", () => {
  assert.equal(parseInt64("-5"), -5n);
  assert.equal(parseInt64("+5"), 5n);
  assert.throws(() => parseInt64("x", "Atoi"), {
    message: 'strconv.Atoi: parsing "x": invalid syntax',
  });
  assert.throws(() => parseInt64("9223372036854775808"), { message: /value out of range$/ });
});

Deno.test("parseBool() takes Go's twelve words and no other", () => {
  assert.deepEqual(["1", "t", "TRUE", "True"].map(parseBool), [true, true, true, true]);
  assert.deepEqual(["0", "F", "false"].map(parseBool), [false, false, false]);
  assert.throws(() => parseBool("yes"), {
    message: 'strconv.ParseBool: parsing "yes": invalid syntax',
  });
});

Deno.test("parseMac() takes the written forms of Go and none without leading zeros", () => {
  for (const text of ["52:54:00:AA:bb:0c", "52-54-00-aa-bb-0c", "5254.00aa.bb0c"]) {
    assert.equal(parseMac(text), "52:54:00:aa:bb:0c");
  }
  assert.equal(parseMac("02:00:5e:10:00:00:00:01"), "02:00:5e:10:00:00:00:01");
  for (const text of ["2:54:0:aa:bb:c", "52:54-00:aa:bb:0c", "52:54:00:aa:bb", "5254.00aa"]) {
    assert.throws(() => parseMac(text), { message: `address ${text}: invalid MAC address` });
  }
});

Deno.test("parseRequestUri() reads addresses as Go does", () => {
  assert.deepEqual(parseRequestUri("unix:///tmp/a%20b?x=1"), {
    scheme: "unix",
    host: "",
    port: "",
    path: "/tmp/a b",
  });
  assert.deepEqual(parseRequestUri("unix:/a.sock").path, "/a.sock");
  assert.deepEqual(parseRequestUri("TCP://localhost:80"), {
    scheme: "tcp",
    host: "localhost:80",
    port: "80",
    path: "",
  });
  assert.equal(parseRequestUri("tcp://[::1]:80").port, "80");
  assert.equal(parseRequestUri("unix://x.sock").host, "x.sock");
  const messages = {
    "": 'parse "": empty url',
    none: 'parse "none": invalid URI for request',
    ":x": 'parse ":x": missing protocol scheme',
    "unix:///%zz": 'parse "unix:///%zz": invalid URL escape "%zz"',
    "tcp://h:x": 'parse "tcp://h:x": invalid port ":x" after host',
    "tcp://a b:1": 'parse "tcp://a b:1": invalid character " " in host name',
    "unix:///a\nb": 'parse "unix:///a\\nb": net/url: invalid control character in URL',
  };
  for (const [text, message] of Object.entries(messages)) {
    assert.throws(() => parseRequestUri(text), { message });
  }
});

Deno.test("decodeFirst() reads one value, whatever follows, and fails in Go's words", () => {
  assert.deepEqual(
    decodeFirst('{"a":[1,true,null,"x\\u0041"]} rest'),
    new Map([
      ["a", [1, true, null, "xA"]],
    ]),
  );
  const messages = {
    "": "EOF",
    "  \n": "EOF",
    "{": "unexpected EOF",
    '{"state":': "unexpected EOF",
    '{"state":"St': "unexpected EOF",
    hello: "invalid character 'h' looking for beginning of value",
    "{state:1}": "invalid character 's' looking for beginning of object key string",
    '{"a" 1}': "invalid character '1' after object key",
    '{"a":1 "b"}': "invalid character '\"' after object key:value pair",
    "[1 2]": "invalid character '2' after array element",
    '"a\nb"': "invalid character '\n' in string literal",
    trua: "invalid character 'a' in literal true (expecting 'e')",
  };
  for (const [text, message] of Object.entries(messages)) {
    assert.throws(() => decodeFirst(text), { message }, text);
  }
});

Deno.test("parseCsvLine() splits as CSV", () => {
  assert.deepEqual(parseCsvLine('a,"b,c","d""e",'), ["a", "b,c", 'd"e', ""]);
  assert.deepEqual(parseCsvLine(""), []);
  assert.throws(() => parseCsvLine('ab"c'), {
    message: 'parse error on line 1, column 3: bare " in non-quoted field',
  });
  assert.throws(() => parseCsvLine('"ab'), { message: /extraneous or missing " in quoted-field/ });
});

Deno.test("quote() and formatDuration() print as Go's %q and %v", () => {
  assert.equal(quote('a\t"b"\\\x01é\u200b'), '"a\\t\\"b\\"\\\\\\x01é\\u200b"');
  assert.deepEqual([0, 0.0005, 0.071975, 1.5, 2250].map(formatDuration), [
    "0s",
    "500ns",
    "71.975µs",
    "1.5ms",
    "2.25s",
  ]);
});
