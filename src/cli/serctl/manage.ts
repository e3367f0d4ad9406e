/** The commands of serctl that tell the running server something: management commands, and requests sent through it. */
import { hostname } from 'node:os';
import { printable } from '../io.ts';
import type { Desk } from './desk.ts';

/** Says the reply as the FIFO gives it; status 0 for a 2xx. */
export async function tell({ io, administration }: Desk, command: string, args: string[]): Promise<0 | 1> {
  const { status, reason, lines } = await administration.manage(command, args);
  io.out([`${status} ${reason}`, ...lines].map(printable).join('\n'));
  return status < 300 ? 0 : 1;
}

/** Sends a request to a telephone and says how it was answered. */
async function send(desk: Desk, method: string, uri: string, more: string[]): Promise<0 | 1> {
  const { io, administration } = desk;
  const from = `sip:daemon@${hostname().replaceAll(/[^\w.-]/g, '-')}`;
  const headers = [`From: <${from}>`, `To: <${uri}>`, 'Contact: <sip:daemon@!!>', ...more];
  const { status, reason } = await administration.manage('t_uac_dlg', [method, uri, '.', '.', headers.join('\r\n')]);
  io.out(printable(`${status} ${reason}`));
  return status < 300 ? 0 : 1;
}

export function ping(desk: Desk, [uri]: string[]): Promise<0 | 1> {
  return send(desk, 'OPTIONS', uri!, []);
}

/** Has a Cisco telephone read its configuration anew. */
export function ciscoRestart(desk: Desk, [uri]: string[]): Promise<0 | 1> {
  return send(desk, 'NOTIFY', uri!, ['Event: check-sync']);
}
