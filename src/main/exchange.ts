/** The virtual telephone exchange of the dial-in door, for the command that runs one by itself. */
export { type Exchange, FIRST_NUMBER, startExchange } from '../doors/dial/exchange/exchange.ts';
export type { TcpAddress } from '../doors/dial/exchange/tcp-number.ts';
