// Command generate-sdks writes the SDKs of a Pulumi schema as `pulumi package gen-sdk` does, which needs a language
// host for each language: these are the generators that the hosts call.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "generate-sdks"

func main() {
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate(schemaFile, target string) error {
	bytes, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	generators := map[string]func(*schema.Package) (map[string][]byte, error){
		"python": func(pkg *schema.Package) (map[string][]byte, error) {
			return python.GeneratePackage(tool, pkg, nil, nil)
		},
		"go": func(pkg *schema.Package) (map[string][]byte, error) {
			return gogen.GeneratePackage(tool, pkg, nil)
		},
		"nodejs": func(pkg *schema.Package) (map[string][]byte, error) {
			return nodejs.GeneratePackage(tool, pkg, nil, nil, false, nil)
		},
		"dotnet": func(pkg *schema.Package) (map[string][]byte, error) {
			return dotnet.GeneratePackage(tool, pkg, nil, nil)
		},
	}
	for language, run := range generators {
		// A package of its own for each: generators write into it.
		var spec schema.PackageSpec
		if err := json.Unmarshal(bytes, &spec); err != nil {
			return err
		}
		if language == "dotnet" {
			// Its generator downloads a logo.
			logo := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			defer logo.Close()
			spec.LogoURL = logo.URL
		}
		pkg, err := schema.ImportSpec(spec, nil, schema.ValidationOptions{})
		if err != nil {
			return fmt.Errorf("schema: %w", err)
		}
		files, err := run(pkg)
		if err != nil {
			return fmt.Errorf("%s: %w", language, err)
		}
		for name, content := range files {
			file := filepath.Join(target, language, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(file, content, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
