using JasperFx.Resources;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Wolverine;
using Wolverine.Postgresql;
using Wolverine.RabbitMQ;

namespace WolverinePeer;

public static class Hosting
{
    public static async Task<IHost> StartAsync(Settings settings, Action<WolverineOptions> configure)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(NpgsqlDataSource.Create(settings.Postgres));
        builder.UseWolverine(options =>
        {
            options.Durability.Mode = DurabilityMode.Solo;
            options.PersistMessagesWithPostgresql(settings.Postgres);
            var rabbit = options.UseRabbitMq(new Uri(settings.RabbitMq)).AutoProvision().UseQuorumQueues();
            if (settings.Confirms)
            {
                rabbit.ConfigureChannelCreation(channel =>
                {
                    channel.PublisherConfirmationsEnabled = true;
                    channel.PublisherConfirmationTrackingEnabled = true;
                });
            }

            options.Discovery.DisableConventionalDiscovery();
            configure(options);
        });
        builder.Services.AddResourceSetupOnStartup();
        var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("ready");
        return host;
    }
}
