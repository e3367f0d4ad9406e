/**
 * The resolver of a passwd file. The file is looked at whenever somebody is asked for who is not at hand, and read again when it has
 * changed.
 *
 * Errors: RESOLVER_CONFIG; RESOLVER_UNAVAILABLE when the file cannot be read or is too large.
 */
import { readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { fitsStoredHash } from '../../proofs/stored-hash.ts';
import { readResolverConfig, requiredText } from '../config-text.ts';
import { compileFilter } from '../filter.ts';
import { type PersonSource, type ResolverClass, resolverAway, type SourceTools } from '../source.ts';
import type { PersonFilter } from '../types.ts';
import { type PasswdFile, parsePasswd } from './parse.ts';

const MOST_BYTES = 32 << 20;
const WAIT_MS = 2_000;
const SHOWN_FAULTS = 10;

const passwdOptions = z.strictObject({
  fileName: requiredText(4096).refine((path) => path.startsWith('/') && !path.includes('\0'), 'must be a full path'),
});
const EXAMPLES = { fileName: '/etc/gatehouse/staff.passwd' };

export const passwdResolver: ResolverClass = {
  type: 'passwdresolver',
  className: 'PasswdIdResolver',
  secrets: [],
  target: [],
  check(config) {
    readResolverConfig(passwdOptions, config, EXAMPLES);
    return { waitMs: WAIT_MS };
  },
  open: async (config, tools) => passwdSource(readResolverConfig(passwdOptions, config, EXAMPLES).fileName, tools),
};

function passwdSource(path: string, { name, log }: SourceTools): PersonSource {
  let file: PasswdFile | undefined;
  let mark = '';
  let reading: Promise<PasswdFile> | undefined;
  return {
    byLogin: async (logins) => {
      const { byLogin } = await current();
      return logins.map((login) => byLogin.get(login)?.record ?? null);
    },
    byId: async (ids) => {
      const { byId } = await current();
      return ids.map((id) => byId.get(id)?.record ?? null);
    },
    search,
    checkPassword: async (id, password) => {
      const entry = (await current()).byId.get(id);
      return entry !== undefined && fitsStoredHash(password, entry.hash);
    },
    notes: () => file?.faults.slice(0, SHOWN_FAULTS) ?? [],
    close: async () => {},
  };

  async function search(filter: PersonFilter, limit: number) {
    const fits = compileFilter(filter);
    const records = (await current()).byLogin
      .values()
      .map(({ record }) => record)
      .filter(fits)
      .take(limit + 1)
      .toArray();
    return { records: records.slice(0, limit), more: records.length > limit };
  }

  function current(): Promise<PasswdFile> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function read(): Promise<PasswdFile> {
    try {
      const { size, mtimeMs, ctimeMs, ino, dev } = await regular();
      const seen = [size, mtimeMs, ctimeMs, ino, dev].join(' ');
      if (file && seen === mark) return file;
      const read = parsePasswd(await readFile(path), path);
      for (const fault of read.faults.slice(0, SHOWN_FAULTS)) log.warn(fault, { resolver: name });
      mark = seen;
      file = read;
      return read;
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : message;
      throw resolverAway(name, `${path}: ${why}`, cause);
    }
  }

  async function regular() {
    const found = await stat(path);
    if (!found.isFile()) throw new Error('it is no regular file');
    if (found.size > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES >> 20} MB`);
    return found;
  }
}
