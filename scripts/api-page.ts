// The page of the HTTP API, made of what a hub says of itself: `node scripts/api-page.ts http://127.0.0.1:8080 > docs/API.md`.

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly description?: string
}

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly description?: string
    readonly schema?: Schema
  }[]
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>
  >
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

const groups: readonly (readonly [tag: string, title: string])[] = [
  ['projects', 'Projects'],
  ['watch', 'Watching'],
  ['hub', 'The hub and its surroundings'],
  ['health', 'Health and metrics'],
  ['admin', 'Administration'],
]

const intro = `# HTTP API

Made of a hub's \`/openapi.json\` by \`scripts/api-page.ts\`; a test keeps the two equal. \`/docs\` of a running hub is the same with
forms to try it. Errors are in \`docs/errors.md\`, who may call what is in \`docs/ACCESS.md\`.
`

/** Markdown, ending with a line break. */
export function apiPage({ paths, components }: OpenApi): string {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  )
  const sections = groups.map(([tag, title]) => {
    const own = all.filter(({ operation }) => operation.tags?.[0] === tag)
    return [`## ${title}`, ...own.map(({ name, operation }) => operationText(name, operation))].join('\n\n')
  })
  const shapes = Object.entries(components?.schemas ?? {}).map(
    ([name, schema]) => `### ${name}\n\n${[schema.description ?? '', fieldsText(schema)].filter(Boolean).join('\n\n')}`,
  )
  return `${[intro.trimEnd(), ...sections, '## Shapes', ...shapes].join('\n\n')}\n`
}

function operationText(
  name: string,
  { summary, description, parameters = [], requestBody, responses }: Operation,
): string {
  const asked = parameters
    .filter((parameter) => parameter.in !== 'header')
    .map(({ name: called, in: place, required, schema, description: said }) =>
      row([
        `\`${called}\``,
        required === true ? `${place}, required` : place,
        typeOf(schema),
        said ?? schema?.description ?? '',
      ]),
    )
  const body = schemaIn(requestBody?.content)
  const answers = Object.entries(responses).map(([status, { content }]) => {
    const schema = schemaIn(content)
    return schema === undefined || Number(status) >= 400 ? status : `${status} ${typeOf(schema)}`
  })
  return [
    `### \`${name}\``,
    summary ?? '',
    description ?? '',
    asked.length === 0 ? '' : ['| name | where | type | what |', '|---|---|---|---|', ...asked].join('\n'),
    body === undefined ? '' : `Body: ${typeOf(body)}`,
    body?.properties === undefined ? '' : fieldsText(body),
    `Answers: ${answers.join(', ')}`,
  ]
    .filter(Boolean)
    .join('\n\n')
}

function fieldsText({ properties, required = [] }: Schema): string {
  if (properties === undefined) return ''
  const rows = Object.entries(properties).map(([name, schema]) =>
    row([`\`${name}\``, typeOf(schema), required.includes(name) ? 'always' : '', schema.description ?? '']),
  )
  return ['| field | type | there | what |', '|---|---|---|---|', ...rows].join('\n')
}

function schemaIn(content: Readonly<Record<string, { readonly schema?: Schema }>> | undefined): Schema | undefined {
  return Object.values(content ?? {})[0]?.schema
}

function typeOf(schema: Schema | undefined): string {
  if (schema === undefined) return ''
  if (schema.$ref !== undefined) return `[${nameIn(schema.$ref)}](#${nameIn(schema.$ref).toLowerCase()})`
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ')
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`
  return [schema.type ?? 'any'].flat().join(' or ')
}

function nameIn(reference: string): string {
  return reference.split('/').at(-1) ?? reference
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

if (import.meta.main) {
  const [url = 'http://127.0.0.1:8080'] = process.argv.slice(2)
  const response = await fetch(new URL('/openapi.json', url))
  process.stdout.write(apiPage((await response.json()) as OpenApi))
}
