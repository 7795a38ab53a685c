// What a caller of the HTTP API may do: each role includes those before it.

export const roles = ['viewer', 'operator', 'admin'] as const
/** viewer reads, operator writes, admin runs the hub (`/admin`). */
export type Role = (typeof roles)[number]

/** Whether somebody with this role (or with none) may do what takes the other. */
export function includes(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && roles.indexOf(role) >= roles.indexOf(needed)
}
