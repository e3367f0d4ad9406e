/** The virtual telephone exchange of the dial-in door, for the command that runs one by itself. */
export { type Exchange, startExchange } from '../doors/dial/exchange/exchange.ts';
