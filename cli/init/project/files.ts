import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Document, parseDocument } from "yaml";
import { STACK_OUTPUTS } from "../../../stack/contract";
import { type Answers, isYamlProject, toFormerAnswers } from "./answers";
import { COMPONENT_TYPE, writeFormerAnswers } from "./existing";
import { planFile, type PlannedFile } from "./write";
import { PACKAGE } from "./own-package";
import { createPipeline } from "./pipelines";

/** Every file that the answers come to; those that stay as they are as well. */
export function planFiles(answers: Answers): PlannedFile[] {
  const isNew = answers.existing.kind === "none";
  const pipeline = createPipeline(answers);
  return [
    ...(isYamlProject(answers) ? [planYamlProject(answers), ...planPlugin(answers)] : []),
    ...(isNew && answers.language === "typescript" ? planTypescriptProject(answers) : []),
    planStackSettings(answers),
    ...(pipeline === undefined
      ? []
      : [planFile(answers.gitRoot ?? answers.folder, pipeline.path, () => pipeline.text)]),
  ];
}

function planYamlProject(answers: Answers): PlannedFile {
  const { folder, existing, workspace, usesPassword } = answers;
  return planFile(folder, path.join(folder, "Pulumi.yaml"), (before) => {
    const document = parseDocument(
      before ??
        `name: ${existing.name}\ndescription: A service principal for hi-ml on Azure Machine Learning\nruntime: yaml\n`,
    );
    if (before === undefined) {
      document.setIn(["packages", PACKAGE], `./${PACKAGE}`);
      document.setIn(["resources", "himl", "type"], COMPONENT_TYPE);
    }
    const resource = nameOfResource(document);
    const properties = ["resources", resource, "properties"];
    document.setIn([...properties, "subscriptionId"], workspace.subscriptionId);
    document.setIn([...properties, "resourceGroupName"], workspace.resourceGroup);
    document.setIn([...properties, "workspaceName"], workspace.name);
    setLogin(document, (name) => [...properties, name], answers);
    for (const { name, property } of STACK_OUTPUTS)
      document.setIn(["outputs", name], `\${${resource}.${property}}`);
    if (!usesPassword) document.deleteIn(["outputs", "HIML_SERVICE_PRINCIPAL_PASSWORD"]);
    return format(document);
  });
}

/** The plugin of the component: Pulumi takes a folder in the project, and lets npm install there. It has himl-sp as well. */
function planPlugin(answers: Answers): PlannedFile[] {
  const at = (name: string) => path.join(answers.folder, PACKAGE, name);
  const manifest = {
    name: `${PACKAGE}-plugin`,
    private: true,
    main: `node_modules/${PACKAGE}/dist/plugin/main.js`,
    dependencies: { [PACKAGE]: answers.ownPackage.spec },
  };
  const plugin = "runtime:\n  name: nodejs\n  options:\n    packagemanager: npm\n    typescript: false\n";
  return [
    planFile(answers.folder, at("PulumiPlugin.yaml"), () => plugin),
    planFile(answers.folder, at("package.json"), () => json(manifest)),
    ...planArchive(answers, at),
    planGitignore(answers.folder, at(".gitignore")),
  ];
}

function planArchive(
  { folder, ownPackage: { archive } }: Answers,
  at: (name: string) => string,
): PlannedFile[] {
  return archive === undefined ? [] : [planFile(folder, at(archive.name), () => archive.bytes)];
}

function planGitignore(root: string, file: string): PlannedFile {
  return planFile(root, file, (before = "") =>
    /^\/?node_modules\/?$/m.test(before) ? before : `${before}node_modules/\n`,
  );
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

function nameOfResource(document: Document): string {
  const { resources } = document.toJS() as { resources: Record<string, { type?: string }> };
  return Object.entries(resources).find(([, { type }]) => type === COMPONENT_TYPE)![0];
}

function planStackSettings(answers: Answers): PlannedFile {
  const { workspace, existing, folder, stack } = answers;
  return planFile(folder, path.join(folder, `Pulumi.${stack}.yaml`), (before = "") => {
    const document = parseDocument(before);
    const set = (name: string, value: unknown) => document.setIn(["config", name], value);
    set("azure-native:subscriptionId", workspace.subscriptionId);
    if (workspace.tenantId !== undefined) {
      set("azure-native:tenantId", workspace.tenantId);
      set("azuread:tenantId", workspace.tenantId);
    }
    if (!isYamlProject(answers)) {
      set(`${existing.name}:subscriptionId`, workspace.subscriptionId);
      set(`${existing.name}:resourceGroupName`, workspace.resourceGroup);
      set(`${existing.name}:workspaceName`, workspace.name);
      setLogin(document, (name) => ["config", `${existing.name}:${name}`], answers);
    }
    writeFormerAnswers(document, toFormerAnswers(answers));
    return format(document);
  });
}

/** How pipelines log in, and the role. What an earlier run set and does not hold any more goes. */
function setLogin(document: Document, at: (name: string) => string[], answers: Answers): void {
  const { usesPassword, trust, assignsRole } = answers;
  document.setIn(at("authentication"), usesPassword ? "secret" : "federated");
  const trusts = readList(document, at("federatedCredentials"));
  if (usesPassword) document.deleteIn(at("federatedCredentials"));
  // Other jobs may be trusted as well: theirs stay.
  else if (trust !== undefined && !trusts.some((one) => isDeepStrictEqual(one, trust.trust)))
    document.setIn(at("federatedCredentials"), document.createNode([...trusts, trust.trust]));
  if (!usesPassword && trust?.isBroad) document.setIn(at("allowBroadTrusts"), true);
  if (!assignsRole) document.setIn(at("roles"), []);
  // Only the empty list is this command's: roles that somebody chose stay.
  else if (document.hasIn(at("roles")) && readList(document, at("roles")).length === 0)
    document.deleteIn(at("roles"));
}

/** A list, as YAML or as `pulumi config set` writes it: JSON in a text. */
function readList(document: Document, at: readonly string[]): unknown[] {
  const value: unknown = at.reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key],
    document.toJS() as unknown,
  );
  try {
    const list: unknown = typeof value === "string" ? JSON.parse(value) : value;
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

function format(document: Document): string {
  return document.toString({ lineWidth: 0 });
}

const INDEX = `import { HimlServicePrincipal, readSettings } from "himl-service-principal";

/** Settings in, one component, outputs out. \`pulumi config set\` changes the settings. */
export = () => new HimlServicePrincipal("himl", readSettings()).outputs;
`;

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    target: "es2022",
    module: "node16",
    moduleResolution: "node16",
    skipLibCheck: true,
  },
};

function planTypescriptProject(answers: Answers): PlannedFile[] {
  const { folder, existing, ownPackage } = answers;
  const texts: Record<string, string> = {
    "Pulumi.yaml": [
      `name: ${existing.name}`,
      "description: A service principal for hi-ml on Azure Machine Learning",
      "runtime:",
      "  name: nodejs",
      "  options:",
      "    packagemanager: npm",
      "",
    ].join("\n"),
    "package.json": json({
      name: `${existing.name.toLowerCase()}-stack`,
      private: true,
      dependencies: { [PACKAGE]: ownPackage.spec },
    }),
    "tsconfig.json": json(TSCONFIG),
    "index.ts": INDEX,
  };
  const at = (name: string) => path.join(folder, name);
  return [
    ...Object.entries(texts).map(([name, text]) => planFile(folder, at(name), () => text)),
    ...planArchive(answers, at),
    planGitignore(folder, at(".gitignore")),
  ];
}
