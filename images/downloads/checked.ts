import { download, type Downloaded, type DownloadOptions } from "./download.ts";
import type { PartialDownload } from "./partial.ts";
import type { RemoteFile } from "./remote_file.ts";

/**
 * Downloads, and has the digests compared. A file that came in parts is fetched once more in one
 * piece when it is not what was expected: servers and what is between may get the parts wrong.
 * @param check throws when it is not what was expected
 */
export async function checkedDownload<T>(
  file: RemoteFile,
  partial: PartialDownload,
  options: DownloadOptions,
  check: (done: Downloaded) => T,
): Promise<T> {
  const first = await download(file, partial, options);
  try {
    return check(first);
  } catch (error) {
    if (!first.fromParts) throw error;
    await partial.clear();
    return check(await download(file, partial, { ...options, useRanges: false }));
  }
}
