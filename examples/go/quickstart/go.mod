module quickstart

go 1.25

require (
	github.com/aws/constructs-go/constructs/v10 v10.4.2
	github.com/aws/jsii-runtime-go v1.140.0
	github.com/cdktf-managed-database/cdktf-managed-database-go/cdktfmanageddatabase v0.0.0
	github.com/cdktf/cdktf-provider-aws-go/aws/v20 v20.1.0
	github.com/hashicorp/terraform-cdk-go/cdktf v0.21.0
)
