import { HimlServicePrincipal } from "./components/himl-service-principal";
import { warnOfLosses } from "./stack/losses";
import { readSettings } from "./stack/settings";
import { createStackOutputs } from "./stack/outputs";

/**
 * The whole program: settings in, one component, outputs out.
 *
 * `pulumi up` runs it to create what it declares, and again to renew; `pulumi destroy` removes all of it.
 * The outputs are the environment variables that hi-ml reads in a pipeline.
 *
 * @param now the instant for which secrets are planned; Pulumi passes none, the rehearsal moves it
 */
function program(now = new Date()) {
  const settings = readSettings(now);
  const principal = new HimlServicePrincipal("himl", { ...settings, now });
  warnOfLosses(principal);
  return createStackOutputs(principal);
}

export = program;
