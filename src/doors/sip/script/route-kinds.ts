/** What runs a block of the script, and how a block is named. */

export type RouteKind = 'request' | 'failure' | 'reply' | 'branch' | 'error';

/** `route`, `route[1]`, `failure_route[1]`: how people name a block. */
export type RouteKey = string;
