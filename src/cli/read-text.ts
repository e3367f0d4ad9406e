/** A small file named on the command line, or standard input for `-`. Errors: FILE_UNREADABLE. */
import { readFileSync } from 'node:fs';
import { GatehouseError } from '../platform/errors.ts';
import type { Io } from './io.ts';

const LARGEST = 1 << 20;

/** What is past a mebibyte is cut off. */
export async function readText(io: Io, file: string, encoding: 'latin1' | 'utf8'): Promise<string> {
  if (file === '-') return standardInput(io, encoding);
  try {
    return readFileSync(file, encoding).slice(0, LARGEST);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : String(code ?? cause);
    throw new GatehouseError('FILE_UNREADABLE', why, { where: file, cause });
  }
}

async function standardInput(io: Io, encoding: 'latin1' | 'utf8'): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of io.input) {
    pieces.push(Buffer.from(piece as Uint8Array));
    size += piece.length;
    if (size > LARGEST) break;
  }
  return Buffer.concat(pieces).toString(encoding).slice(0, LARGEST);
}
