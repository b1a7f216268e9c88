/**
 * Our standard input and output as a serial port. QEMU's own stdio is taken by its monitor, and
 * this process writes to the same output: the access log stands between the guest's lines.
 */

/** @returns the port of 127.0.0.1 on which one connection is taken */
export function openStdioPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const relay = async () => {
    const connection = await listener.accept();
    listener.close();
    await Promise.all([
      Deno.stdin.readable.pipeTo(connection.writable),
      connection.readable.pipeTo(Deno.stdout.writable, { preventClose: true }),
    ]);
  };
  // The connection ends with QEMU, and this process after it.
  relay().catch(() => {});
  return listener.addr.port;
}
