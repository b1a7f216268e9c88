import { VfkitError } from "../error.ts";
import { parseUint } from "../go/number.ts";
import type { DeviceParser, SerialDevice, VsockDevice } from "./device.ts";

export const virtioSerial: DeviceParser = (options, release) => {
  const serial: SerialDevice = { kind: "virtioserial", logFile: "", stdio: false, pty: false };
  for (const { key, value } of options) {
    if (key === "logFilePath") serial.logFile = value;
    else if (key === "stdio") {
      if (value !== "") {
        throw new VfkitError(`unexpected value for virtio-serial 'stdio' option: ${value}`);
      }
      serial.stdio = true;
    } else if (key === "pty" && release.has("pty")) serial.pty = true;
    else throw new VfkitError(`unknown option for virtio-serial devices: ${key}`);
  }
  const ends = [
    ...(serial.logFile === "" ? [] : ["logFilePath"]),
    ...(serial.stdio ? ["stdio"] : []),
    ...(serial.pty ? ["pty"] : []),
  ];
  const [first, second] = ends;
  if (first === undefined) {
    const names = release.has("pty")
      ? "'logFilePath', 'stdio' or 'pty'"
      : "'logFilePath' or 'stdio'";
    throw new VfkitError(`one of ${names} must be set`);
  }
  if (second !== undefined) {
    throw new VfkitError(`'${first}' and '${second}' cannot be set at the same time`);
  }
  return serial;
};

export const virtioVsock: DeviceParser = (options) => {
  const vsock: VsockDevice = { kind: "virtiosock", port: 0, socketPath: "", listen: true };
  for (const { key, value } of options) {
    if (key === "port") vsock.port = Number(parseUint(value, 10, 32));
    else if (key === "socketURL") vsock.socketPath = value;
    // A value on these two is not looked at.
    else if (key === "listen" || key === "connect") vsock.listen = key === "listen";
    else throw new VfkitError(`unknown option for virtio-vsock devices: ${key}`);
  }
  return vsock;
};
