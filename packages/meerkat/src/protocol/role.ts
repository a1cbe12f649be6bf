/** Which end of the connection an endpoint is: the one that accepted it, or the one that dialled. */
export type Role = 'server' | 'client';
