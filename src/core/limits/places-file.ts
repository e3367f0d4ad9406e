/**
 * Known places over a restart: a file in the data directory, read at the start, written when the server stops and once a
 * minute where a place was added. A kill may lose the last minute; those places are learned anew.
 *
 * Form: UTF-8 lines. `gatehouse-places 1 SEED`, then for each user `PLACE[,PLACE…] USER`, at last `end CRC32` over all before
 * it; numbers in base 36. Written beside and renamed, in pieces, so that neither a crash nor a million users do harm. What is
 * damaged is ignored as a whole.
 *
 * Errors: none; a file that cannot be read or written is told to the log.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { KnownPlaces } from './known-places.ts';

const EVERY_MS = 60_000;
/** Users of one piece: about half a millisecond of work. */
const PIECE = 1_000;
const HEAD = 'gatehouse-places 1 ';
const END = 'end ';

export interface PlacesFile {
  readonly places: KnownPlaces;
  /** Writes what is new and stops. */
  close(): Promise<void>;
}

export async function openPlacesFile(file: string, log: Log, capacity?: number): Promise<PlacesFile> {
  const places = (await read(file, log, capacity)) ?? new KnownPlaces(capacity);
  let saved = places.added;
  let failing = false;
  let saving: Promise<void> | undefined;
  const timer = setInterval(save, EVERY_MS).unref();
  return { places, close };

  async function close(): Promise<void> {
    clearInterval(timer);
    await saving;
    await save();
  }

  function save(): Promise<void> | undefined {
    if (saving === undefined && places.added !== saved) {
      saving = write().finally(() => {
        saving = undefined;
      });
    }
    return saving;
  }

  async function write(): Promise<void> {
    const { added } = places;
    try {
      await writeBeside(file, places);
      saved = added;
      failing = false;
    } catch (error) {
      if (!failing) log.warn('known places cannot be kept over a restart', { file, error: describeError(error) });
      failing = true;
    }
  }
}

async function read(file: string, log: Log, capacity?: number): Promise<KnownPlaces | undefined> {
  try {
    return parse(await readFile(file), capacity);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    log.warn('known places are lost and will be learned anew', { file, error: describeError(error) });
    return undefined;
  }
}

function parse(bytes: Buffer, capacity?: number): KnownPlaces {
  const tail = bytes.lastIndexOf(`\n${END}`) + 1;
  const body = bytes.subarray(0, tail);
  if (tail === 0 || bytes.toString('latin1', tail) !== endLine(crc32(body))) throw new Error('the file is damaged');
  const text = body.toString();
  let at = text.indexOf('\n') + 1;
  if (!text.startsWith(HEAD)) throw new Error('the file is of another version');
  const places = new KnownPlaces(capacity, Number.parseInt(text.slice(HEAD.length, at), 36));
  while (at < text.length) {
    const space = text.indexOf(' ', at);
    const end = text.indexOf('\n', at);
    const known = text.slice(at, space).split(',');
    places.restore(
      text.slice(space + 1, end),
      known.map((place) => Number.parseInt(place, 36)),
    );
    at = end + 1;
  }
  return places;
}

async function writeBeside(file: string, places: KnownPlaces): Promise<void> {
  const beside = `${file}.new`;
  const handle = await open(beside, 'w', 0o600);
  try {
    let crc = 0;
    for (const piece of pieces(places)) {
      const bytes = Buffer.from(piece);
      crc = crc32(bytes, crc);
      await handle.appendFile(bytes);
    }
    await handle.appendFile(endLine(crc));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}

function* pieces(places: KnownPlaces): Generator<string> {
  let text = `${HEAD}${places.seed.toString(36)}\n`;
  let users = 0;
  for (const [user, known] of places.entries()) {
    if (user.includes('\n')) continue;
    const list = typeof known === 'number' ? known.toString(36) : known.map((place) => place.toString(36)).join(',');
    text += `${list} ${user}\n`;
    if (++users % PIECE !== 0) continue;
    yield text;
    text = '';
  }
  yield text;
}

function endLine(crc: number): string {
  return `${END}${crc.toString(36)}\n`;
}
