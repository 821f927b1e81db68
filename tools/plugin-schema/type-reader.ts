import * as path from "node:path";
import ts from "typescript";

/** A type in a Pulumi schema: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/#type */
interface TypeSpec {
  type?: "string" | "integer" | "boolean" | "array" | "object";
  items?: TypeSpec;
  additionalProperties?: TypeSpec;
  $ref?: string;
  oneOf?: TypeSpec[];
  plain?: true;
}

/** A property in a Pulumi schema. */
export interface PropertySpec extends TypeSpec {
  description?: string;
  default?: string | number | boolean;
  secret?: true;
}

interface ObjectSpec {
  properties: Record<string, PropertySpec>;
  required: string[];
}

type ComplexTypeSpec =
  | ({ type: "object"; description?: string } & ObjectSpec)
  | { type: "string"; description?: string; enum: { name?: string; value: string }[] };

type PropertyNode = ts.PropertySignature & { type: ts.TypeNode };

/** Reads types of this project as types of a Pulumi schema. Throws where a schema cannot express a type. */
export function createTypeReader(root: string, packageName: string) {
  const options = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, "tsconfig.json"), (file) => ts.sys.readFile(file)).config,
    ts.sys,
    root,
  ).options;
  const files = ["components/himl-service-principal.ts", "stack/contract.ts"];
  const program = ts.createProgram(
    files.map((file) => path.join(root, file)),
    options,
  );
  const checker = program.getTypeChecker();
  const types = new Map<string, ComplexTypeSpec>();

  const refuse = (node: ts.Node): never => {
    const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart());
    throw new Error(
      `${node.getSourceFile().fileName}:${line + 1}: a Pulumi schema must be able to express ${node.getText()}.`,
    );
  };

  function findDeclaration(file: string, name: string): ts.InterfaceDeclaration | ts.ClassDeclaration {
    const found = program
      .getSourceFile(path.join(root, file))
      ?.statements.find(
        (node): node is ts.InterfaceDeclaration | ts.ClassDeclaration =>
          (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) && node.name?.text === name,
      );
    if (!found) throw new Error(`${file} must declare ${name}.`);
    return found;
  }

  function readProperty(node: PropertyNode, owner: string): PropertySpec {
    const isInput = ts.isTypeReferenceNode(node.type) && node.type.getText().startsWith("pulumi.Input<");
    const spec = readType(node.type, node, owner);
    const { description, fallback } = readComment(node);
    return {
      ...(description !== "" && { description }),
      ...spec,
      ...(fallback !== undefined && spec.type !== "array" && !spec.oneOf && { default: fallback }),
      // Never for items of lists: the Go SDK would not compile.
      ...(!isInput && isScalar(spec) && owner === "" && { plain: true }),
    };
  }

  function isScalar({ type, $ref }: TypeSpec): boolean {
    if ($ref !== undefined) return types.get($ref.slice("#/types/".length))?.type === "string";
    return type !== undefined && type !== "array";
  }

  function readType(node: ts.TypeNode, property: PropertyNode, owner: string): TypeSpec {
    if (ts.isParenthesizedTypeNode(node)) return readType(node.type, property, owner);
    if (ts.isTypeOperatorNode(node) && node.operator === ts.SyntaxKind.ReadonlyKeyword)
      return readType(node.type, property, owner);
    if (ts.isArrayTypeNode(node))
      return { type: "array", items: readType(node.elementType, property, owner) };
    if (ts.isTypeReferenceNode(node)) {
      const [argument] = node.typeArguments ?? [];
      const name = node.typeName.getText();
      if (argument && name === "pulumi.Input") return readType(argument, property, owner);
      if (argument && ["ReadonlyArray", "Array"].includes(name))
        return { type: "array", items: readType(argument, property, owner) };
      const target = checker.getSymbolAtLocation(node.typeName);
      const symbol =
        target && target.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(target) : target;
      const [declaration] = symbol?.declarations ?? [];
      if (declaration && ts.isInterfaceDeclaration(declaration))
        return readObjects(name, [declaration], declaration);
      if (declaration && ts.isTypeAliasDeclaration(declaration))
        return readAlias(name, declaration, property, owner);
    }
    if (ts.isTypeLiteralNode(node)) return readObjects(owner, [node], property);
    if (ts.isUnionTypeNode(node)) return readUnion(node, property, owner);
    return readScalar(node, property);
  }

  function readScalar(node: ts.TypeNode, property: PropertyNode): TypeSpec {
    const type = checker.getTypeFromTypeNode(node);
    if (type.flags & ts.TypeFlags.StringLike) return { type: "string" };
    if (type.flags & ts.TypeFlags.BooleanLike) return { type: "boolean" };
    // TypeScript has no integers: the comment says "whole number", or the type is a single number.
    const isWhole = /whole number/.test(ts.getTextOfJSDocComment(readJsDoc(property)?.comment) ?? "");
    if (type.flags & ts.TypeFlags.NumberLiteral || (type.flags & ts.TypeFlags.Number && isWhole))
      return { type: "integer" };
    return refuse(node);
  }

  function readAlias(
    name: string,
    declaration: ts.TypeAliasDeclaration,
    property: PropertyNode,
    owner: string,
  ): TypeSpec {
    const type = checker.getTypeFromTypeNode(declaration.type);
    if (type.isUnion() && type.types.every((one) => one.flags & ts.TypeFlags.StringLike)) {
      const values = type.types.filter((one) => one.isStringLiteral()).map((one) => one.value);
      const enumeration = addEnum(name, values, declaration);
      return values.length === type.types.length ? enumeration : { oneOf: [{ type: "string" }, enumeration] };
    }
    if (ts.isUnionTypeNode(declaration.type)) {
      const members = declaration.type.types.map((node) => {
        const named = ts.isTypeReferenceNode(node) ? checker.getSymbolAtLocation(node.typeName) : undefined;
        const isImported = named && named.flags & ts.SymbolFlags.Alias;
        const symbol = isImported ? checker.getAliasedSymbol(named) : named;
        const [found] = symbol?.declarations ?? [];
        return found && ts.isInterfaceDeclaration(found) ? found : refuse(node);
      });
      return readObjects(name, members, declaration);
    }
    return readType(declaration.type, property, owner);
  }

  function readUnion(node: ts.UnionTypeNode, property: PropertyNode, owner: string): TypeSpec {
    const members = node.types;
    const keywords = members.map((member) => member.kind);
    // A text or a whole number, such as an ID.
    if (keywords.includes(ts.SyntaxKind.StringKeyword) && keywords.includes(ts.SyntaxKind.NumberKeyword))
      return { oneOf: [{ type: "integer" }, { type: "string" }] };
    const objects = members.filter((member) => isInterface(member) || ts.isTypeLiteralNode(member));
    const texts = members.filter((member) => !objects.includes(member));
    const named = texts.find(ts.isTypeReferenceNode);
    const isText = (member: ts.TypeNode) =>
      member === named ||
      member.kind === ts.SyntaxKind.StringKeyword ||
      checker.getTypeFromTypeNode(member).flags & ts.TypeFlags.Intersection;
    // `BuiltInRoleName | (string & {}) | RoleArgs`: known texts, any text, or an object.
    if (texts.every(isText) && (named !== undefined || objects.length > 0))
      return {
        oneOf: [
          { type: "string" },
          ...[named, ...objects].flatMap((one) => (one ? [readType(one, property, owner)] : [])),
        ],
      };
    const type = checker.getTypeFromTypeNode(node);
    // Only a named union becomes a type.
    if (type.isUnion() && type.types.every((one) => one.isStringLiteral())) return { type: "string" };
    return refuse(node);
  }

  function isInterface(node: ts.TypeNode): boolean {
    if (!ts.isTypeReferenceNode(node)) return false;
    return checker.getTypeFromTypeNode(node).symbol?.declarations?.some(ts.isInterfaceDeclaration) ?? false;
  }

  function addEnum(name: string, values: string[], declaration: ts.Node): TypeSpec {
    const token = `${packageName}:index:${name}`;
    const { description } = readComment(declaration);
    types.set(token, {
      type: "string",
      ...(description !== "" && { description }),
      enum: values.map((value) => ({ name: createEnumName(value), value })),
    });
    return { $ref: `#/types/${token}` };
  }

  /** One object with the properties of all members: not every language has unions. */
  function readObjects(
    name: string,
    members: (ts.InterfaceDeclaration | ts.TypeLiteralNode)[],
    documented: ts.Node,
  ): TypeSpec {
    const own = name.replace(/Args$/, "");
    const token = `${packageName}:index:${own}`;
    const specs = members.map((member) =>
      readMembers(member, ts.isInterfaceDeclaration(member) ? member.name.text.replace(/Args$/, "") : own),
    );
    const properties: Record<string, PropertySpec> = {};
    for (const spec of specs) {
      for (const [property, { default: fallback, ...rest }] of Object.entries(spec.properties)) {
        // SDKs always send a default, even if the property does not belong to the member that is meant.
        properties[property] ??= {
          ...rest,
          ...(members.length === 1 && fallback !== undefined && { default: fallback }),
        };
      }
    }
    const { description } = readComment(documented);
    types.set(token, {
      type: "object",
      ...(description !== "" && { description }),
      properties,
      required: members.length === 1 ? specs[0]!.required : [],
    });
    return { $ref: `#/types/${token}` };
  }

  function readMembers(
    node: ts.InterfaceDeclaration | ts.TypeLiteralNode,
    owner: string,
    except: readonly string[] = [],
  ): ObjectSpec {
    const members = node.members.filter(
      (member): member is PropertyNode => ts.isPropertySignature(member) && member.type !== undefined,
    );
    if (members.length !== node.members.length) return refuse(node);
    const read = members.filter((member) => !except.includes(member.name.getText()));
    return {
      properties: Object.fromEntries(
        read.map((member) => [member.name.getText(), readProperty(member, owner)]),
      ),
      required: read.filter((member) => !member.questionToken).map((member) => member.name.getText()),
    };
  }

  return {
    types: () => Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1))),
    readInterface(file: string, name: string, except: readonly string[]): ObjectSpec {
      return readMembers(findDeclaration(file, name) as ts.InterfaceDeclaration, "", except);
    },
    readClassComment: (file: string, name: string): string =>
      readComment(findDeclaration(file, name)).description,
  };
}

function readJsDoc(node: ts.Node): ts.JSDoc | undefined {
  return ts.getJSDocCommentsAndTags(node).findLast(ts.isJSDoc);
}

/** The comment as a description, and the default if it is one constant. */
function readComment(node: ts.Node): { description: string; fallback?: string | number | boolean } {
  const lines = [unwrap(ts.getTextOfJSDocComment(readJsDoc(node)?.comment) ?? "")];
  let fallback: string | number | boolean | undefined;
  for (const tag of ts.getJSDocTags(node)) {
    const text = unwrap(ts.getTextOfJSDocComment(tag.comment) ?? "");
    if (tag.tagName.text === "default") {
      lines.push(`Default: ${text}.`);
      fallback = readConstant(text);
    } else if (tag.tagName.text === "example") lines.push(`Example: \`${text}\``);
  }
  return { description: lines.filter(Boolean).join("\n\n"), ...(fallback !== undefined && { fallback }) };
}

function readConstant(text: string): string | number | boolean | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return ["string", "number", "boolean"].includes(typeof value) ? (value as string) : undefined;
  } catch {
    return undefined;
  }
}

function unwrap(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, " ").trim())
    .join("\n\n");
}

/** An identifier in every language: `AzureML Metrics Writer (preview)` is `AzureMLMetricsWriterPreview`. */
function createEnumName(value: string): string {
  return value
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((word) => word.replace(/^./, (letter) => letter.toUpperCase()))
    .join("");
}
