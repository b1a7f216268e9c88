/**
 * Which descriptors children get. Deno closes its own ones in them, but not those that cocoon itself
 * was given: a shell's `exec 9>lock`, the pipe of a `2> >(filter)`. A supervisor or hypervisor that
 * lives for months must not keep them open.
 */
import { made } from "./library.ts";

/** Close-on-exec by ioctl, which needs no third argument (sys/filio.h; asm-generic/ioctls.h). */
const FIOCLEX = Deno.build.os === "darwin" ? 0x20006601n : 0x5451n;

/** From here on no child inherits a descriptor of this process, unless it is handed over. */
export function keepDescriptors(): void {
  for (const { name } of Deno.readDirSync("/dev/fd")) {
    const fd = Number(name);
    if (fd > 2) closeOnExec(fd);
  }
}

/** No child inherits this descriptor. One that is closed already is no error. */
export function closeOnExec(fd: number): void {
  try {
    made("ioctl(FIOCLEX)", (c) => c.ioctl(fd, FIOCLEX, 0n));
  } catch {
    // The folder's own descriptor was in the list and is closed by now.
  }
}
