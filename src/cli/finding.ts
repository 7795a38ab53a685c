// What the doctor found: a claim about one thing, and what to do where it is a problem.

export interface Finding {
  readonly what: string
  /** `unknown`: it could not be looked into, which is no problem by itself. */
  readonly status: 'ok' | 'problem' | 'unknown'
  readonly detail: string
  readonly todo?: string
}

export function problem(what: string, detail: string, todo: string): Finding {
  return { what, status: 'problem', detail, todo }
}
