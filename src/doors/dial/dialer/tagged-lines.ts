/**
 * Lines of ours in a file of the system for the time of a call: pap-secrets, chap-secrets, resolv.conf. They stand first, between two comments,
 * and are found by these again, so that what others change meanwhile stays as they left it.
 *
 * The file is replaced as a whole, with its owner and mode; a symbolic link is followed. Error: DIAL_SYSTEM_FILE.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { GatehouseError } from '../../../platform/errors.ts';

const BEGIN = '# begin gatehouse dial: these lines go when the call ends';
const END = '# end gatehouse dial';

/** `mode`: of a file that is not there yet. */
export function putLines(path: string, lines: readonly string[], mode: number): void {
  change(path, (text) => [BEGIN, ...lines, END, withoutOurs(text)].join('\n'), mode);
}

export function removeLines(path: string): void {
  if (existsSync(path)) change(path, withoutOurs);
}

function withoutOurs(text: string): string {
  const from = text.indexOf(`${BEGIN}\n`);
  const to = text.indexOf(`${END}\n`, from);
  return from < 0 || to < 0 ? text : text.slice(0, from) + text.slice(to + END.length + 1);
}

function change(path: string, by: (text: string) => string, newMode = 0o600): void {
  const there = existsSync(path);
  const file = there ? realpathSync(path) : path;
  const next = `${file}.${process.pid}`;
  try {
    const before = there ? readFileSync(file, 'utf8') : '';
    const after = by(before);
    if (after === before) return;
    const { mode, uid, gid } = there
      ? statSync(file)
      : { mode: newMode, uid: process.getuid!(), gid: process.getgid!() };
    writeFileSync(next, after, { mode: 0o600, flag: 'wx' });
    chownSync(next, uid, gid);
    chmodSync(next, mode & 0o777);
    renameSync(next, file);
  } catch (cause) {
    rmSync(next, { force: true });
    throw new GatehouseError('DIAL_SYSTEM_FILE', `it cannot be changed: ${(cause as Error).message}`, {
      where: path,
      hint: 'that needs root; where the entry stands already, leave the password of the account empty',
      cause,
    });
  }
}

/** A word as pppd reads its secrets files. */
export function secretsWord(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
