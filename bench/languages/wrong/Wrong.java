package quickstart;

import com.hashicorp.cdktf.App;
import com.hashicorp.cdktf.TerraformStack;
import io.github.cdktfmanageddatabase.DatabaseEngine;
import io.github.cdktfmanageddatabase.DatabaseNetwork;
import io.github.cdktfmanageddatabase.DatabaseNetworkProps;
import io.github.cdktfmanageddatabase.DatabasePlan;
import io.github.cdktfmanageddatabase.ManagedDatabase;
import java.util.List;

public class Wrong {
  public static void main(String[] args) {
    ManagedDatabase.Builder.create(new TerraformStack(new App(), "wrong"), "Orders")
        .identifier("Orders!")
        .engine(DatabaseEngine.postgres("17"))
        .plan(DatabasePlan.SMALL)
        .network(DatabaseNetwork.of(DatabaseNetworkProps.builder()
            .vpcId("vpc-0123abcd")
            .subnetIds(List.of("subnet-0123abcd", "subnet-4567cdef"))
            .build()))
        .build();
  }
}
