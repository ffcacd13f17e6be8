package main

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	database "github.com/cdktf-managed-database/cdktf-managed-database-go/cdktfmanageddatabase"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v20/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

func newQuickstart(scope constructs.Construct, id string) cdktf.TerraformStack {
	stack := cdktf.NewTerraformStack(scope, &id)
	provider.NewAwsProvider(stack, jsii.String("aws"), &provider.AwsProviderConfig{})

	variable := func(name string, config cdktf.TerraformVariableConfig) cdktf.TerraformVariable {
		if config.Type == nil {
			config.Type = jsii.String("string")
		}
		return cdktf.NewTerraformVariable(stack, &name, &config)
	}
	text := func(name string) *string {
		return variable(name, cdktf.TerraformVariableConfig{}).StringValue()
	}
	secret := func(name string) *string {
		return variable(name, cdktf.TerraformVariableConfig{Sensitive: jsii.Bool(true)}).StringValue()
	}

	orders := database.NewManagedDatabase(stack, jsii.String("Orders"), &database.ManagedDatabaseProps{
		Identifier:   jsii.String("orders"),
		DatabaseName: jsii.String("orders"),
		Engine:       database.DatabaseEngine_Postgres(jsii.String("17")),
		Plan:         database.DatabasePlan_SMALL(),
		Network: database.DatabaseNetwork_Of(&database.DatabaseNetworkProps{
			VpcId:     text("vpc_id"),
			SubnetIds: variable("subnet_ids", cdktf.TerraformVariableConfig{Type: jsii.String("list(string)")}).ListValue(),
		}),
		// So that trying leaves nothing behind. Leave both out for a database that matters.
		DeletionProtection: jsii.Bool(false),
		FinalSnapshot:      jsii.Bool(false),
	})

	backup := database.NewScheduledBackup(stack, jsii.String("Backup"), &database.ScheduledBackupProps{
		Database: orders,
		Storage: database.BackupStorage_S3Compatible(&database.S3CompatibleProps{
			Endpoint:      text("storage_endpoint"),
			CaCertificate: text("storage_ca_certificate"),
			Bucket:        text("storage_bucket"),
			Path:          jsii.String("/backups"),
			Credentials: database.StorageCredentials_FromKeys(&database.StorageKeys{
				AccessKeyId:     secret("storage_access_key_id"),
				SecretAccessKey: secret("storage_secret_access_key"),
			}),
		}),
		Schedule:  database.BackupSchedule_Daily(),
		Retention: database.BackupRetention_Days(jsii.Number(30)),
		Drill:     database.RestoreDrill_Weekly(nil),
	})

	cdktf.NewTerraformOutput(stack, jsii.String("connection_test"), &cdktf.TerraformOutputConfig{
		Value: backup.ConnectionTest().State(),
	})
	cdktf.NewTerraformOutput(stack, jsii.String("endpoint"), &cdktf.TerraformOutputConfig{Value: orders.Endpoint()})
	return stack
}

func main() {
	app := cdktf.NewApp(nil)
	newQuickstart(app, "quickstart")
	app.Synth()
}
