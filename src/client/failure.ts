// Why a hub was of no use, or none of them was.

/** `code`: of the problem that a hub answered, or one of these. */
export type FailureCode = 'unreachable' | 'timeout' | 'no-hub' | 'disabled' | 'closed' | (string & {})

/** What is needed to make a failure. */
export interface FailureFacts {
  readonly code: FailureCode
  readonly detail: string
  /** Of the answer; undefined where there was none. */
  readonly status?: number | undefined
  /** The address of the hub that was asked last. */
  readonly hub?: string | undefined
  readonly cause?: unknown
}

/** Codes of answers with which another hub may do better, besides those with a status of 500 and more. */
const passing = new Set<FailureCode>(['unreachable', 'timeout', 'no-hub', 'limit-reached', 'rate-limited'])
const tooManyRequests = 429

/** Whether another hub, or this one later, may answer otherwise. */
export function isPassing({ code, status = 0 }: Pick<FailureFacts, 'code' | 'status'>): boolean {
  return passing.has(code) || status >= 500 || status === tooManyRequests
}
