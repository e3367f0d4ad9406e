/** Why a call that somebody makes cannot be made, did not come about, or ended otherwise than it should. */
export const DIALER_ERRORS = {
  DIAL_NO_NUMBER: 'an account has no telephone number to dial, or to be called at',
  DIAL_NO_MODEM: 'it is not said which modem an account dials with',
  DIAL_BUSY: 'all numbers of an account were busy, as often as it dials',
  DIAL_UNANSWERED: 'no modem answered at the number that was dialled',
  DIAL_NO_TONE: 'the telephone line is dead',
  DIAL_REFUSED: 'the modem did not take the dial string, or was called itself while it dialled',
  DIAL_NO_CALLBACK: 'the call back that was awaited did not come',
  DIAL_COMMAND: 'a command of an account, to be run before or after a call, could not be started or failed',
  DIAL_TARIFF: 'a file with what calls cost cannot be read, or has faults',
  DIAL_PPPD: 'pppd could not be started, or ended with a fault',
  DIAL_SYSTEM_FILE: 'a file of the system that a call needs, secrets or name servers, cannot be changed',
} as const;
