using JasperFx.Resources;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Wolverine;
using Wolverine.Postgresql;
using Wolverine.RabbitMQ;

namespace WolverinePeer;

/// <summary>The same database, by a pool for the business and one for Wolverine: who holds a connection may need another one. Both outlast
/// the hosts, none of which closes its connections when it ends.</summary>
public sealed record Databases(NpgsqlDataSource Business, NpgsqlDataSource Envelopes);

public static class Hosting
{
    public static async Task<IHost> StartAsync(Settings settings, Databases databases, Action<WolverineOptions, Settings> configure)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(databases.Business);
        builder.UseWolverine(options =>
        {
            options.Durability.Mode = DurabilityMode.Solo;
            // As in the sample of its repository that customizes the durability agent (sample_AdvancedConfigurationOfDurabilityAgent): five
            // times as many messages as by default are taken up again in each poll. Not so its ScheduledJobPollingTime of a minute: that is
            // the interval of these polls too, which would come twelve times as seldom.
            options.Durability.RecoveryBatchSize = 500;
            options.Durability.ScheduledJobFirstExecution = TimeSpan.Zero;
            options.PersistMessagesWithPostgresql(databases.Envelopes);
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
            configure(options, settings);
        });
        builder.Services.AddResourceSetupOnStartup();
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
