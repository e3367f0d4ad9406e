const SECRET_PARAMETER = /(["']secret["']\s*,\s*).*/;
/** In YAML; what else stands on the line is hidden too, since the value may hold anything. */
const SECRET_OPTION = /(\b(?:secret["']?\s*:|fas_?key["']?\s*:?)\s*)\S.*/i;
const VALUE_FOLLOWS = /["']secret["']\s*,\s*$/;

/** A line as it may be shown: no password of a URL, no value of modparam("auth", "secret", ...) or of an option `secret`. `before`: what stands above. */
export function withoutSecrets(line: string, before = ''): string {
  if (VALUE_FOLLOWS.test(before.slice(-200))) return line.replace(/\S.*/, '***');
  return withoutPasswords(line).replace(SECRET_PARAMETER, '$1***').replace(SECRET_OPTION, '$1***');
}

/** `mysql://user:***@host`: passwords within URLs, made unreadable; the length is not kept. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(/(\/\/[^\s:/@]*:)\S*@/g, '$1***@');
}
