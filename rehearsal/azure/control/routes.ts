import type { Service } from "../http";
import { renderArmError } from "../arm/errors";

export const controlService: Service = { routes: [], renderError: renderArmError };
