/** Where LinOTP's tokens come from. */
export { openLinotpDatabase } from '../sources/linotp/open.ts';
