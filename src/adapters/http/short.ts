// The short way: reads of projects that are answered before the router has seen them, because nothing about them is left to
// judge: the caller is known and may read, and the path is one project or a list that the long way has answered before. The
// answer is what it would be there, at half the cost; whatever is in any way unusual goes the long way.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Slug } from '../../core/ids.ts'
import type { Now } from '../../core/time.ts'
import type { MayRead } from './auth/guard.ts'
import { momentOf } from './freshness.ts'
import type { List } from './lists.ts'
import type { App, HttpOptions } from './options.ts'
import { projectsPath } from './paths.ts'
import { acceptRequestId, fieldsOf } from './requests.ts'
import { matches, weakTag } from './validators.ts'

/** Lists that are remembered by what asks for them; the one that was noted first is forgotten first. */
const maxLists = 64
const onePrefix = `${projectsPath}/`
const oneRoute = `${projectsPath}/:slug`

type Options = Pick<HttpOptions, 'hub' | 'hasStarted' | 'metrics' | 'log'>

/** What is read, without what all answers have. */
interface Found {
  readonly route: string
  readonly tag: string
  readonly body: string | Buffer
  readonly total?: string | undefined
  readonly link?: string | undefined
}

export class ShortWay {
  readonly #options: Options
  readonly #lists = new Map<string, List>()
  /** From when on requests may go this way, until the hub stops. */
  #mayRead: MayRead | undefined

  constructor(options: Options) {
    this.#options = options
  }

  open(app: App, mayRead: MayRead): void {
    this.#mayRead = mayRead
    app.addHook('preClose', async () => {
      this.#mayRead = undefined
    })
  }

  /** The path and query ask for that list. */
  readonly remember = (url: string, list: List): void => {
    if (this.#lists.has(url)) return
    const [first] = this.#lists.keys()
    if (this.#lists.size >= maxLists && first !== undefined) this.#lists.delete(first)
    this.#lists.set(url, list)
  }

  /** Answers the request, or leaves it alone and says so. */
  readonly take = (request: IncomingMessage, response: ServerResponse): boolean => {
    const { method, url = '' } = request
    if (method !== 'GET' || this.#mayRead === undefined || !url.startsWith(projectsPath)) return false
    const { hub, hasStarted, metrics, log } = this.#options
    const said = hasStarted() ? saidBy(request) : undefined
    if (said === undefined) return false
    const began = performance.now()
    const now = hub.now()
    const found = url.startsWith(onePrefix) ? this.#one(url.slice(onePrefix.length), now) : this.#list(url)
    if (found === undefined || !this.#mayRead(request, said.key, began)) return false
    const id = acceptRequestId(said.id)
    const status = this.#answer(found, { response, id, held: said.held }, now)
    // It has been handed to the system; a long answer may still be on its way.
    const answered = { method, route: found.route, status, seconds: (performance.now() - began) / 1_000 }
    metrics.observe(answered)
    if (log.isLevelEnabled('debug')) log.debug(fieldsOf(id, answered), 'request answered')
    return true
  }

  #one(text: string, now: Now): Found | undefined {
    // What is no slug is the name of no project.
    const found = this.#options.hub.listing.read(text as Slug, now)
    return found === undefined ? undefined : { route: oneRoute, tag: found.tag, body: found.body }
  }

  #list(url: string): Found | undefined {
    const told = this.#lists.get(url)?.read(this.#options.hub)
    return told === undefined ? undefined : { route: projectsPath, ...told }
  }

  /** Returns the status. */
  #answer({ tag: mark, body, total, link }: Found, { response, id, held }: Exchange, now: Now): number {
    const { state, asOf } = this.#options.hub.views.freshness(now)
    const tag = weakTag(mark)
    const head = ['x-request-id', id, 'x-view', state, 'x-as-of', momentOf(asOf), 'etag', tag]
    if (total !== undefined) head.push('x-total-count', total)
    if (link !== undefined) head.push('link', link)
    if (matches(held, tag)) {
      response.writeHead(304, head).end()
      return 304
    }
    const length = Buffer.byteLength(body)
    head.push('content-type', 'application/json; charset=utf-8', 'content-length', String(length))
    // Text that is ASCII alone is the same in both, and sooner copied.
    response.writeHead(200, head).end(body, length === body.length ? 'latin1' : 'utf8')
    return 200
  }
}

interface Exchange {
  readonly response: ServerResponse
  readonly id: string
  readonly held: string | undefined
}

interface Said {
  readonly key: string | undefined
  readonly held: string | undefined
  readonly id: string | undefined
}

/** The headers that matter; undefined where one of them is there twice. They are found sooner than all headers are read. */
function saidBy({ rawHeaders }: IncomingMessage): Said | undefined {
  let key: string | undefined
  let held: string | undefined
  let id: string | undefined
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (name.length !== 9 && name.length !== 12 && name.length !== 13) continue
    const lower = name.toLowerCase()
    if (lower === 'x-api-key') {
      if (key !== undefined) return undefined
      key = rawHeaders[at + 1]
    } else if (lower === 'x-request-id') {
      if (id !== undefined) return undefined
      id = rawHeaders[at + 1]
    } else if (lower === 'if-none-match') {
      if (held !== undefined) return undefined
      held = rawHeaders[at + 1]
    }
  }
  return { key, held, id }
}
