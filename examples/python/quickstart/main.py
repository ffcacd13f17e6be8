from cdktf import App, TerraformOutput, TerraformStack, TerraformVariable
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_managed_database import (
    BackupRetention,
    BackupSchedule,
    BackupStorage,
    DatabaseEngine,
    DatabaseNetwork,
    DatabasePlan,
    ManagedDatabase,
    RestoreDrill,
    ScheduledBackup,
    StorageCredentials,
)
from constructs import Construct


class Quickstart(TerraformStack):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        AwsProvider(self, "aws")

        def variable(name: str, type: str = "string", **options) -> TerraformVariable:
            return TerraformVariable(self, name, type=type, **options)

        database = ManagedDatabase(
            self,
            "Orders",
            identifier="orders",
            database_name="orders",
            engine=DatabaseEngine.postgres("17"),
            plan=DatabasePlan.SMALL,
            network=DatabaseNetwork.of(
                vpc_id=variable("vpc_id").string_value,
                subnet_ids=variable("subnet_ids", "list(string)").list_value,
            ),
            # So that trying leaves nothing behind. Leave both out for a database that matters.
            deletion_protection=False,
            final_snapshot=False,
        )

        backup = ScheduledBackup(
            self,
            "Backup",
            database=database,
            storage=BackupStorage.s3_compatible(
                endpoint=variable("storage_endpoint").string_value,
                ca_certificate=variable("storage_ca_certificate").string_value,
                bucket=variable("storage_bucket").string_value,
                path="/backups",
                credentials=StorageCredentials.from_keys(
                    access_key_id=variable("storage_access_key_id", sensitive=True).string_value,
                    secret_access_key=variable("storage_secret_access_key", sensitive=True).string_value,
                ),
            ),
            schedule=BackupSchedule.daily(),
            retention=BackupRetention.days(30),
            drill=RestoreDrill.weekly(),
        )

        TerraformOutput(self, "connection_test", value=backup.connection_test.state)
        TerraformOutput(self, "endpoint", value=database.endpoint)


app = App()
Quickstart(app, "quickstart")
app.synth()
