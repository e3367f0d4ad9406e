/** `mysql://user:***@host`: passwords within URLs, made unreadable; the length is not kept. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(/(\/\/[^\s:/@]*:)\S*@/g, '$1***@');
}
