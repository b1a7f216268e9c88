import assert from "node:assert/strict";
import { lastWords, lastWordsOf } from "./last_words.ts";

const RESTART = "[   12.345678] reboot: Restarting system\r\n";
const OFF = "[   12.345678] reboot: Power down\r\n";

Deno.test("lastWords() tells a reboot from the power going off", () => {
  assert.equal(lastWords(RESTART), "reboot");
  assert.equal(lastWords("reboot: Restarting system with command 'now'\n"), "reboot");
  assert.equal(lastWords(OFF), "off");
  assert.equal(lastWords("reboot: System halted"), "off");
});

Deno.test("lastWords() knows systemd's targets, old and new, with their colours", () => {
  const green = "[\x1b[0;32m  OK  \x1b[0m] Reached target ";
  const all: [string, "reboot" | "off" | undefined][] = [
    [`${green}\x1b[0;1;39mreboot.target\x1b[0m - System Reboot.\r\n`, "reboot"],
    [`${green}\x1b[0;1;39mpoweroff.target\x1b[0m - System Power Off.\r\n`, "off"],
    [`${green}\x1b[0;1;39mhalt.target\x1b[0m - System Halt.\r\n`, "off"],
    ["[  OK  ] Reached target Reboot.\r\n", "reboot"],
    ["[  OK  ] Reached target Power-Off.\r\n", "off"],
    ["[  OK  ] Reached target umount.target - Unmount All Filesystems.\r\n", undefined],
  ];
  for (const [line, words] of all) assert.equal(lastWords(line), words, line);
});

Deno.test("lastWords() takes the last ones, and no other words for them", () => {
  assert.equal(lastWords(RESTART + "BdsDxe: loading\r\n" + OFF), "off");
  assert.equal(lastWords(OFF + RESTART), "reboot");
  assert.equal(lastWords("root@web:~# reboot\r\nRestarting system services\r\n"), undefined);
  assert.equal(lastWords(""), undefined);
});

Deno.test("lastWordsOf() reads the end of a long log, and nothing of one that is not there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/console.log`;
    assert.equal(lastWordsOf(path), undefined);
    await Deno.writeTextFile(path, OFF + "x".repeat(10_000) + RESTART);
    assert.equal(lastWordsOf(path), "reboot");
    // An earlier run's words are not this one's.
    assert.equal(lastWordsOf(path, (await Deno.stat(path)).size), undefined);
    assert.equal(lastWordsOf(path, 1_000_000), "reboot");
    await Deno.writeTextFile(path, RESTART + "x".repeat(10_000));
    assert.equal(lastWordsOf(path), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
