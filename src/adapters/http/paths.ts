// Which methods a path takes: the router says only that a request fits no route, but 405 with Allow and 404 are different
// answers.

export const projectsPath = '/api/fed/projects'

export class Paths {
  readonly #known = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>()

  /** Takes note of a route, its URL as Fastify has it (`/api/fed/projects/:slug`, `/docs/static/*`). */
  add(url: string, methods: readonly string[]): void {
    const known = this.#known.get(url) ?? { pattern: patternOf(url), methods: new Set() }
    for (const method of methods) known.methods.add(method)
    this.#known.set(url, known)
  }

  /** The methods of the routes that the path fits, sorted; none when there is no such path. */
  methodsAt(path: string): readonly string[] {
    const fitting = [...this.#known.values()].filter(({ pattern }) => pattern.test(path))
    return [...new Set(fitting.flatMap(({ methods }) => [...methods]))].sort()
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+'
    return part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('/')}/?$`)
}
