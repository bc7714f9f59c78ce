using Migrations;

return await MigrationCommand.RunAsync(args);
