/** The two ways to ask for credentials: as the server that is meant (401) and as a proxy on the way (407). RFC 3261 section 22. */
import { Header, type HeaderId } from '../../message/header-names.ts';

export interface HeaderPair {
  readonly status: 401 | 407;
  readonly reason: string;
  readonly challenge: string;
  readonly credentials: HeaderId;
}

export const WWW: HeaderPair = {
  status: 401,
  reason: 'Unauthorized',
  challenge: 'WWW-Authenticate',
  credentials: Header.authorization,
};

export const PROXY: HeaderPair = {
  status: 407,
  reason: 'Proxy Authentication Required',
  challenge: 'Proxy-Authenticate',
  credentials: Header.proxyAuthorization,
};
