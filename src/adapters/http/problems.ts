// Every refusal leaves as RFC 9457 problem+json with a code of core/errors.ts. Handlers throw `Refused`; what Fastify and
// the parsers throw is translated here; anything else is our own defect: logged whole, told without its inside.

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type ProblemCode, problems, type Refusal } from '../../core/errors.ts'
import type { Problem } from '../../hub/shapes.ts'

export interface FieldError {
  readonly path: string
  readonly message: string
}

/** A request that is answered with a problem. */
export class Refused extends Error {
  readonly code: ProblemCode
  readonly fields: readonly FieldError[]
  constructor({ code, detail }: Pick<Refusal, 'code' | 'detail'>, fields: readonly FieldError[] = []) {
    // Nobody reads where a refusal was thrown, and finding that out would cost as much as sending the answer.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(detail)
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'Refused'
    this.code = code
    this.fields = fields
  }
}

/** At most this many field errors are told: a body of many wrong items must not become a larger answer. */
const maxFields = 100
const retryAfterS = 1

export function sendProblem(request: FastifyRequest, reply: FastifyReply, refused: Refused): FastifyReply {
  const problem = problemOf(refused, request.id)
  // A request that the router refuses meets no hook.
  reply.header('x-request-id', request.id)
  if (problem.status === 429 || problem.status === 503) reply.header('retry-after', retryAfterS)
  return reply.code(problem.status).type('application/problem+json').send(problem)
}

/** What a handler that has returned already would have thrown. */
export function fail(reply: FastifyReply, error: Error): void {
  reply.send(error)
}

/** The body of a refusal. */
export function problemOf({ code, message, fields }: Refused, requestId: string): Problem {
  const [status, title] = problems[code]
  return {
    type: `urn:hubmesh:problem:${code}`,
    title,
    status,
    detail: message,
    code,
    requestId,
    ...(fields.length === 0 ? {} : { errors: fields.slice(0, maxFields).map((field) => ({ ...field })) }),
  }
}

/** What was thrown, as a refusal; undefined when it is a defect of this hub. */
export function asRefused(error: unknown, maxBodyBytes: number): Refused | undefined {
  if (error instanceof Refused) return error
  if (!(error instanceof Error)) return undefined
  const { code, statusCode, validation, validationContext } = error as Partial<FastifyError>
  if (validation !== undefined) {
    return new Refused(
      {
        code: 'invalid-request',
        detail: `The ${validationContext ?? 'request'} does not match the schema: see errors`,
      },
      validation.map((one) => ({ path: fieldPath(one), message: fieldMessage(one) })),
    )
  }
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Refused({
        code: 'body-too-large',
        detail: `The body is larger than ${maxBodyBytes} bytes (limits.body)`,
      })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Refused({
        code: 'unsupported-media-type',
        detail: 'Send the body with Content-Type: application/json',
      })
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new Refused({ code: 'malformed-json', detail: error.message })
    default:
      if (statusCode === undefined || statusCode < 400 || statusCode > 499) return undefined
      return new Refused({ code: 'invalid-request', detail: error.message })
  }
}

/** What is no HTTP at all never reaches a handler; it is answered on the socket. */
export function refuseOnSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const refused = new Refused({
    code: 'invalid-request',
    detail: `The request is no HTTP: ${error.code ?? 'unreadable'}`,
  })
  const problem = problemOf(refused, '-')
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

type Validation = NonNullable<FastifyError['validation']>[number]

/** `/tags/3` → `tags.3`; a missing or superfluous property is told by its own name. */
function fieldPath({ instancePath, params }: Validation): string {
  const inner = params['missingProperty'] ?? params['additionalProperty']
  return [...instancePath.split('/').slice(1), ...(typeof inner === 'string' ? [inner] : [])].join('.')
}

function fieldMessage({ keyword, message, params }: Validation): string {
  if (keyword === 'additionalProperties') return 'is not known here'
  if (keyword === 'required') return 'is required'
  if (keyword === 'enum') return `must be one of ${(params['allowedValues'] as string[]).join(', ')}`
  return message ?? 'is not valid'
}
