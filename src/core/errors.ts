// Every error a user can meet, once. `docs/errors.md` describes each code; a test keeps both equal.

/** code → HTTP status and the sentence that says what it is. */
export const problems = {
  'invalid-request': [400, 'The request does not match the schema'],
  'malformed-json': [400, 'The body is not JSON'],
  'invalid-slug': [400, 'The slug does not match ^[a-z0-9-]{1,50}$'],
  'invalid-cursor': [400, 'The cursor is none that a hub gave out'],
  unauthorized: [401, 'The request carries no valid credential'],
  'not-local': [403, 'Without credentials the API answers only requests from this machine'],
  forbidden: [403, 'The credential does not carry the role that this takes'],
  'not-found': [404, 'There is nothing at this path'],
  'unknown-project': [404, 'No project has this slug'],
  'unknown-hub': [404, 'No hub of this name is known'],
  'project-removed': [404, 'The project was removed'],
  'method-not-allowed': [405, 'This path does not take this method'],
  'hub-alive': [409, 'The hub is there; only hubs that are dead or have left can be forgotten'],
  'precondition-failed': [412, 'The project is not as If-Match or If-None-Match says'],
  'body-too-large': [413, 'The body is larger than limits.body'],
  'unsupported-media-type': [415, 'The body must be application/json'],
  'limit-reached': [429, 'A limit of this hub is reached'],
  'rate-limited': [429, 'Too many requests came from this caller'],
  internal: [500, 'The hub met a defect of its own'],
  starting: [503, 'The hub is still starting'],
  leaving: [503, 'The hub is leaving the federation'],
  'keys-unavailable': [503, 'The keys that tokens are signed with cannot be fetched'],
  'storage-failed': [503, 'The disk did not take the write'],
  'clock-drift': [503, "The hub's clock is too far from its own past or its peers, or has jumped"],
  'too-stale': [503, 'What this hub knows is older than the caller takes'],
  'home-unreachable': [503, 'The home of the project did not answer'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof problems

/** A refusal as a value: what went wrong for a caller, and the detail that says what to do. */
export interface Refusal {
  readonly ok: false
  readonly code: ProblemCode
  readonly detail: string
}

export function refuse(code: ProblemCode, detail: string): Refusal {
  return { ok: false, code, detail }
}

/** The hub is wrong, not its peers or the world: the numbered invariant of docs/ALGORITHMS.md does not hold. */
export class InvariantViolation extends Error {
  readonly invariant: string
  constructor(invariant: string, detail: string) {
    super(`invariant ${invariant} does not hold: ${detail}`)
    this.name = 'InvariantViolation'
    this.invariant = invariant
  }
}

/** Crashes with the invariant's number when the claim is false. */
export function assert(claim: boolean, invariant: string, detail: string): asserts claim {
  if (!claim) throw new InvariantViolation(invariant, detail)
}
