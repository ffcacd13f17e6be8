package quickstart;

import com.hashicorp.cdktf.App;
import com.hashicorp.cdktf.TerraformOutput;
import com.hashicorp.cdktf.TerraformStack;
import com.hashicorp.cdktf.TerraformVariable;
import com.hashicorp.cdktf.providers.aws.provider.AwsProvider;
import io.github.cdktfmanageddatabase.BackupRetention;
import io.github.cdktfmanageddatabase.BackupSchedule;
import io.github.cdktfmanageddatabase.BackupStorage;
import io.github.cdktfmanageddatabase.DatabaseEngine;
import io.github.cdktfmanageddatabase.DatabaseNetwork;
import io.github.cdktfmanageddatabase.DatabaseNetworkProps;
import io.github.cdktfmanageddatabase.DatabasePlan;
import io.github.cdktfmanageddatabase.ManagedDatabase;
import io.github.cdktfmanageddatabase.RestoreDrill;
import io.github.cdktfmanageddatabase.S3CompatibleProps;
import io.github.cdktfmanageddatabase.ScheduledBackup;
import io.github.cdktfmanageddatabase.StorageCredentials;
import io.github.cdktfmanageddatabase.StorageKeys;
import software.constructs.Construct;

public class Quickstart extends TerraformStack {
  public Quickstart(Construct scope, String id) {
    super(scope, id);
    AwsProvider.Builder.create(this, "aws").build();

    ManagedDatabase database = ManagedDatabase.Builder.create(this, "Orders")
        .identifier("orders")
        .databaseName("orders")
        .engine(DatabaseEngine.postgres("17"))
        .plan(DatabasePlan.SMALL)
        .network(DatabaseNetwork.of(DatabaseNetworkProps.builder()
            .vpcId(text("vpc_id"))
            .subnetIds(TerraformVariable.Builder.create(this, "subnet_ids").type("list(string)").build().getListValue())
            .build()))
        // So that trying leaves nothing behind. Leave both out for a database that matters.
        .deletionProtection(false)
        .finalSnapshot(false)
        .build();

    ScheduledBackup backup = ScheduledBackup.Builder.create(this, "Backup")
        .database(database)
        .storage(BackupStorage.s3Compatible(S3CompatibleProps.builder()
            .endpoint(text("storage_endpoint"))
            .caCertificate(text("storage_ca_certificate"))
            .bucket(text("storage_bucket"))
            .path("/backups")
            .credentials(StorageCredentials.fromKeys(StorageKeys.builder()
                .accessKeyId(secret("storage_access_key_id"))
                .secretAccessKey(secret("storage_secret_access_key"))
                .build()))
            .build()))
        .schedule(BackupSchedule.daily())
        .retention(BackupRetention.days(30))
        .drill(RestoreDrill.weekly())
        .build();

    TerraformOutput.Builder.create(this, "connection_test").value(backup.getConnectionTest().getState()).build();
    TerraformOutput.Builder.create(this, "endpoint").value(database.getEndpoint()).build();
  }

  private String text(String name) {
    return TerraformVariable.Builder.create(this, name).type("string").build().getStringValue();
  }

  private String secret(String name) {
    return TerraformVariable.Builder.create(this, name).type("string").sensitive(true).build().getStringValue();
  }

  public static void main(String[] args) {
    App app = new App();
    new Quickstart(app, "quickstart");
    app.synth();
  }
}
