import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/*
 * LMDB crashes the process on a file that lacks pages. Whether it does shows in its two meta pages (mdb.c, MDB_meta): behind a page header of 24 bytes
 * magic, version, address, map size, two databases of 48 bytes of which the first begins with the page size, last page, transaction id.
 */

const magic = 0xbeefc0de;

/** Whether a data file has the form of one, and all pages up to the last that its latest transaction uses. */
export function isWhole(file: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    const first = readMeta(descriptor, 0);
    const second = first === null ? null : readMeta(descriptor, first.pageSize);
    if (first === null || second === null) return false;
    const { lastPage } = first.transaction >= second.transaction ? first : second;
    return Number(lastPage) * first.pageSize < fstatSync(descriptor).size;
  } finally {
    closeSync(descriptor);
  }
}

function readMeta(descriptor: number, at: number): { readonly pageSize: number; readonly lastPage: bigint; readonly transaction: bigint } | null {
  const page = Buffer.alloc(160);
  if (readSync(descriptor, page, 0, page.length, at) < page.length || page.readUInt32LE(24) !== magic) return null;
  return { pageSize: page.readUInt32LE(48), lastPage: page.readBigUInt64LE(144), transaction: page.readBigUInt64LE(152) };
}
