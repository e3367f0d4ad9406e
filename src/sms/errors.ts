/** The error codes of SMS providers and what each means. */
export const SMS_ERRORS = {
  SMS_CONFIG: 'the configuration of an SMS provider has a fault',
  SMS_UNREACHABLE: 'an SMS gateway was not reached, or did not answer in time',
  SMS_REFUSED: 'an SMS gateway was reached and did not take the message',
  SMS_NUMBER: 'the text is no number that an SMS could be sent to',
} as const;
