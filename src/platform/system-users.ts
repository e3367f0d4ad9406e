/** Users of this machine as /etc/passwd has them, where those of services stand; those of a directory service are not found. */
import { readFileSync } from 'node:fs';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export function findSystemUser(name: string): SystemUser | undefined {
  return allUsers().find((one) => one.name === name);
}

/** For people: `#1234` where there is no name. */
export function systemUserName(uid: number): string {
  return allUsers().find((one) => one.uid === uid)?.name ?? `#${uid}`;
}

function allUsers(): SystemUser[] {
  try {
    return parseSystemUsers(readFileSync('/etc/passwd', 'utf8'));
  } catch {
    return [];
  }
}

/** Lines that name nobody, or no numbers, are left out. */
export function parseSystemUsers(text: string): SystemUser[] {
  const users: SystemUser[] = [];
  for (const [, name, uid, gid] of text.matchAll(/^([^:\n]+):[^:\n]*:(\d{1,10}):(\d{1,10}):/gm))
    users.push({ name: name!, uid: Number(uid), gid: Number(gid) });
  return users;
}
