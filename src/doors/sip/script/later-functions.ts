/** Functions of Kamailio and later OpenSIPS that people miss, and what takes their place. */
import type { Explanation } from './diagnostics.ts';

const LATER: Readonly<Record<string, string>> = {
  send_reply: 'write sl_send_reply("404", "Not Found")',
  sl_reply: 'write sl_send_reply("404", "Not Found")',
  is_method: 'write method=="INVITE" || method=="ACK"',
  is_request: 'a request route runs for requests alone; remove it',
  is_reply: 'an onreply_route runs for replies alone; remove it',
  has_totag: 'write $tt!=NULL, or loose_route() where requests of a dialog are meant',
  is_present_hf: 'write $hdr(name)!=NULL',
  auth_challenge: 'write www_challenge("", "1") or proxy_challenge("", "1")',
  auth_check: 'write www_authorize("", "subscriber") and check_to(), or proxy_authorize and check_from()',
  pv_auth_check: 'write pv_www_authorize("realm")',
  t_relay_to: 'write t_relay("udp:192.0.2.1:5060")',
  t_is_set: 'a route that is armed runs once; arm it again where it is wanted',
  t_any_replied: 'write t_check_status("[1-6][0-9][0-9]")',
  t_is_canceled: 'write t_was_cancelled()',
  xdbg: 'write xlog("L_DBG", "text")',
  xerr: 'write xlog("L_ERR", "text")',
  xnotice: 'write xlog("L_NOTICE", "text")',
  xinfo: 'write xlog("L_INFO", "text")',
  xwarn: 'write xlog("L_WARN", "text")',
  msg_apply_changes: 'changes to headers are applied when the request goes on',
  sanity_check: 'malformed requests are answered 400 before the script; remove it',
  pike_check_req: 'senders of wrong passwords are slowed without it; remove it',
};

export function laterFunction(name: string): Explanation | undefined {
  const cure = Object.hasOwn(LATER, name) ? LATER[name] : undefined;
  return cure === undefined ? undefined : { cause: 'it belongs to Kamailio or OpenSIPS', cure };
}
