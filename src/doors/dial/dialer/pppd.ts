/**
 * The arguments of pppd for an account, in KPPP's order. The line itself is not among them: pppd gets it as its standard input.
 *
 * Source: pppd(8). `callback` is asked for on the first leg only.
 */
import type { AccountSettings, ModemSettings } from '../account/settings.ts';

export function pppdArguments(account: AccountSettings, modem: ModemSettings, isCallBack = false): string[] {
  const { address, gateway, netmask, user, authentication, callback } = account;
  const flow = { hardware: ['crtscts'], software: ['xonxoff'], none: [] }[modem.flow_control];
  const secret = authentication !== 'script' && authentication !== 'terminal';
  return [
    String(modem.speed),
    '-detach',
    ...(address || gateway ? [`${address}:${gateway}`] : []),
    ...(netmask ? ['netmask', netmask] : []),
    ...flow,
    ...(account.default_route ? ['defaultroute'] : []),
    ...(account.auto_dns ? ['usepeerdns'] : []),
    ...account.pppd,
    ...(isCallBack || callback === 'none' || callback === 'wait'
      ? []
      : ['callback', callback === 'user' ? account.callback_number : '0']),
    ...(secret && user ? [...refused(authentication), 'user', user] : []),
  ];
}

/** Which way of proving oneself is refused to the other side: the one that was not chosen. */
function refused(authentication: AccountSettings['authentication']): string[] {
  if (authentication === 'pap') return ['refuse-chap', 'refuse-mschap', 'refuse-mschap-v2'];
  return authentication === 'chap' ? ['refuse-pap'] : [];
}
