// What schemas are made of: the sixteen makers of typebox that are needed here, with its types. They only name keywords of JSON
// Schema, but typebox's own come with a language, locales and 380 modules, which is an eighth of the time a hub takes to start.

import type { TSchema, Type as TypeBox } from 'typebox'

type Rules = Readonly<Record<string, unknown>>
type Makers =
  | ('Array' | 'Boolean' | 'Enum' | 'Integer' | 'Literal' | 'Null' | 'Number' | 'Object')
  | ('Optional' | 'Record' | 'Refine' | 'String' | 'Tuple' | 'Union' | 'Unknown' | 'Unsafe')

/** As typebox makes them, but for marks that only its own language reads. */
export const Type: Pick<typeof TypeBox, Makers> = {
  Array: (items: TSchema, rules?: Rules) => made({ type: 'array', items, ...rules }),
  Boolean: (rules?: Rules) => made({ type: 'boolean', ...rules }),
  Enum: (values: readonly unknown[], rules?: Rules) => made({ enum: [...values], ...rules }),
  Integer: (rules?: Rules) => made({ type: 'integer', ...rules }),
  Literal: (value: unknown, rules?: Rules) => made({ type: typeof value, const: value, ...rules }),
  Null: (rules?: Rules) => made({ type: 'null', ...rules }),
  Number: (rules?: Rules) => made({ type: 'number', ...rules }),
  Object: (properties: Readonly<Record<string, TSchema>>, rules?: Rules) => {
    const required = Object.keys(properties).filter((name) => !(optionalMark in (properties[name] ?? {})))
    return made({ type: 'object', ...(required.length > 0 ? { required } : {}), properties, ...rules })
  },
  Optional: (schema: TSchema) => made(marked(schema, optionalMark, true)),
  Record: (names: Readonly<{ pattern?: string }>, values: TSchema, rules?: Rules) =>
    made({ type: 'object', patternProperties: { [names.pattern ?? '^.*$']: values }, ...rules }),
  Refine: (schema: TSchema, check: (value: never) => boolean) =>
    made(marked(schema, refineMark, [{ check, error: () => 'Refine Error' }])),
  String: (rules?: Rules) => made({ type: 'string', ...rules }),
  Tuple: (items: readonly TSchema[], rules?: Rules) =>
    made({ type: 'array', additionalItems: false, items, minItems: items.length, ...rules }),
  Union: (schemas: readonly TSchema[], rules?: Rules) => made({ anyOf: schemas, ...rules }),
  Unknown: (rules?: Rules) => made({ ...rules }),
  Unsafe: (schema: TSchema) => made(schema),
}

/** Where typebox's compiler looks; hidden from who reads the schema as JSON. */
const optionalMark = '~optional'
const refineMark = '~refine'

/** Types what was made as whatever its maker says that it is. */
function made(schema: object): never {
  return schema as never
}

/** A copy with one hidden mark more. */
function marked(schema: TSchema, mark: string, value: unknown): object {
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(schema), [mark]: { value } })
}
