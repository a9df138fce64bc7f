import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromJson,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

/** Fields of a message by their names in JSON; `[]` for many, `{}` for a map from text. */
type Fields = Readonly<Record<string, string>>;

/**
 * The messages of in-toto/attestation v1.2.0, protos/in_toto_attestation/: v1/statement.proto, v1/resource_descriptor.proto,
 * predicates/provenance/v1/provenance.proto and predicates/vsa/v1/vsa.proto. The libraries for Go, Python, Java and Rust are made
 * from those, and refuse fields that are not in them.
 */
const MESSAGES = {
  Statement: {
    _type: 'string',
    subject: 'ResourceDescriptor[]',
    predicateType: 'string',
    predicate: 'Struct',
  },
  ResourceDescriptor: {
    name: 'string',
    uri: 'string',
    digest: 'string{}',
    content: 'bytes',
    downloadLocation: 'string',
    mediaType: 'string',
    annotations: 'Struct',
  },
  Provenance: { buildDefinition: 'BuildDefinition', runDetails: 'RunDetails' },
  BuildDefinition: {
    buildType: 'string',
    externalParameters: 'Struct',
    internalParameters: 'Struct',
    resolvedDependencies: 'ResourceDescriptor[]',
  },
  RunDetails: { builder: 'Builder', metadata: 'BuildMetadata', byproducts: 'ResourceDescriptor[]' },
  Builder: { id: 'string', version: 'string{}', builderDependencies: 'ResourceDescriptor[]' },
  BuildMetadata: { invocationId: 'string', startedOn: 'Timestamp', finishedOn: 'Timestamp' },
  VerificationSummary: {
    verifier: 'Verifier',
    timeVerified: 'Timestamp',
    resourceUri: 'string',
    policy: 'Reference',
    inputAttestations: 'Reference[]',
    verificationResult: 'string',
    verifiedLevels: 'string[]',
    dependencyLevels: 'uint64{}',
    slsaVersion: 'string',
  },
  Verifier: { id: 'string' },
  Reference: { uri: 'string', digest: 'string{}' },
} as const satisfies Record<string, Fields>;

const SCALARS: Readonly<Record<string, Type>> = {
  string: Type.STRING,
  bytes: Type.BYTES,
  uint64: Type.UINT64,
};
const PACKAGE = 'in_toto_attestation';

/** Protobuf's JSON, read strictly: an unknown field, a wrong type or a time that is none is an error, as it is in Go and Python. */
export function readAsProtobuf(name: keyof typeof MESSAGES, json: unknown): JsonValue {
  const schema = REGISTRY.getMessage(`${PACKAGE}.${name}`) as DescMessage;
  const options = { registry: REGISTRY, ignoreUnknownFields: false };
  return toJson(schema, fromJson(schema, json as JsonValue, options), options);
}

function descriptorOf(name: string, fields: Fields): DescriptorProto {
  const nested: DescriptorProto[] = [];
  const field = Object.entries(fields).map(([jsonName, type], index) => {
    const [, of = '', many = ''] = /^(\w+)(\[\]|\{\})?$/.exec(type) ?? [];
    if (many !== '{}') return fieldOf({ jsonName, number: index + 1, type: of, isMany: many === '[]' });
    const entry = `${jsonName.charAt(0).toUpperCase()}${jsonName.slice(1)}Entry`;
    nested.push(mapEntry(entry, of));
    return fieldOf({ jsonName, number: index + 1, type: `${name}.${entry}`, isMany: true });
  });
  return create(DescriptorProtoSchema, { name, field, nestedType: nested });
}

function mapEntry(name: string, value: string): DescriptorProto {
  const field = [
    fieldOf({ jsonName: 'key', number: 1, type: 'string', isMany: false }),
    fieldOf({ jsonName: 'value', number: 2, type: value, isMany: false }),
  ];
  return create(DescriptorProtoSchema, { name, field, options: { mapEntry: true } });
}

function fieldOf(facts: {
  readonly jsonName: string;
  readonly number: number;
  readonly type: string;
  readonly isMany: boolean;
}): FieldDescriptorProto {
  const { jsonName, number, type, isMany } = facts;
  const scalar = SCALARS[type];
  const isKnown = type === 'Struct' || type === 'Timestamp';
  return create(FieldDescriptorProtoSchema, {
    name: jsonName.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    jsonName,
    number,
    label: isMany ? Label.REPEATED : Label.OPTIONAL,
    type: scalar ?? Type.MESSAGE,
    ...(scalar === undefined && { typeName: `.${isKnown ? 'google.protobuf' : PACKAGE}.${type}` }),
  });
}

const REGISTRY: FileRegistry = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: [
      file_google_protobuf_struct.proto,
      file_google_protobuf_timestamp.proto,
      create(FileDescriptorProtoSchema, {
        name: 'in_toto_attestation.proto',
        package: PACKAGE,
        syntax: 'proto3',
        dependency: [file_google_protobuf_struct.proto.name, file_google_protobuf_timestamp.proto.name],
        messageType: Object.entries(MESSAGES).map(([name, fields]) => descriptorOf(name, fields)),
      }),
    ],
  }),
);
