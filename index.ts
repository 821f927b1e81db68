import { HimlServicePrincipal } from "./components/himl-service-principal";
import { readSettings } from "./stack/settings";

/**
 * The whole program: settings in, one component, outputs out.
 *
 * `pulumi up` runs it to create what it declares, and again to renew; `pulumi destroy` removes all of it.
 * The outputs are the environment variables that hi-ml reads in a pipeline.
 */
function program() {
  return new HimlServicePrincipal("himl", readSettings()).outputs;
}

export = program;
