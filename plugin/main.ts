import { provider } from "@pulumi/pulumi";
import { createProvider } from "./provider";

// Pulumi's runner loads this file, as `main` of package.json, with the address of the engine as the one argument.
void provider.main(createProvider(), process.argv.slice(2));
