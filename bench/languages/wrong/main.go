package main

import (
	"github.com/aws/jsii-runtime-go"
	database "github.com/cdktf-managed-database/cdktf-managed-database-go/cdktfmanageddatabase"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

func main() {
	stack := cdktf.NewTerraformStack(cdktf.NewApp(nil), jsii.String("wrong"))
	database.NewManagedDatabase(stack, jsii.String("Orders"), &database.ManagedDatabaseProps{
		Identifier: jsii.String("Orders!"),
		Engine:     database.DatabaseEngine_Postgres(jsii.String("17")),
		Plan:       database.DatabasePlan_SMALL(),
		Network: database.DatabaseNetwork_Of(&database.DatabaseNetworkProps{
			VpcId:     jsii.String("vpc-0123abcd"),
			SubnetIds: jsii.Strings("subnet-0123abcd", "subnet-4567cdef"),
		}),
	})
}
